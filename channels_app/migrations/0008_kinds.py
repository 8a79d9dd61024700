"""Of which kind a channel is; all that there are so far are public."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels_app', '0007_unread_marks'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='channel',
            name='kind',
            field=models.CharField(choices=[('public', 'public'), ('private', 'private'), ('direct', 'direct messages')], db_default='public', default='public', editable=False, max_length=8, verbose_name='kind'),
        ),
        migrations.AddConstraint(
            model_name='channel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'public'), models.Q(('slug__gte', 'A'), ('slug__lt', '['), _negated=True)), models.Q(('kind', 'private'), ('slug__gte', 'P'), ('slug__lt', 'Q')), models.Q(('kind', 'direct'), ('slug__gte', 'D'), ('slug__lt', 'E')), _connector='OR'), name='kind_is_in_the_address'),
        ),
    ]
