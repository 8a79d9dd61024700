"""Direct conversations, and from whom they are still hidden."""

from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('channels_app', '0009_roles'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='channel',
            name='people_key',
            field=models.CharField(blank=True, editable=False, max_length=64, null=True, unique=True),
        ),
        migrations.AddField(
            model_name='membership',
            name='is_hidden',
            field=models.BooleanField(db_default=False, default=False, verbose_name='hidden'),
        ),
        migrations.AddConstraint(
            model_name='channel',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'direct'), ('people_key__isnull', False)), models.Q(models.Q(('kind', 'direct'), _negated=True), ('people_key', None)), _connector='OR'), name='direct_is_of_some_people'),
        ),
    ]
