from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("messaging", "0005_worker_in_hand"),
    ]

    operations = [
        migrations.AddField(
            model_name="worker",
            name="oldest_in_hand",
            field=models.CharField(blank=True, db_default="", default="", editable=False, max_length=2000),
        ),
    ]
